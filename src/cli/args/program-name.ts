/** The command that users type. */
export const programName = "smithers-client";
