/** Does not compile: the server says so in a 500. */
const name = "broken";
const name = "broken twice";

export default name;
