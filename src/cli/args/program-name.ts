/** What a person types. */
export const programName = "smithers-client";
