const refused = "the connection was refused: nothing listens there";
const unknownIssuer = "its certificate comes from an unknown authority";
const notTls = "what listens there does not speak TLS";

/** Messages for the network codes of Node, Bun and Deno that mean that the request was never sent. */
export const connectionErrorMessages: ReadonlyMap<string, string> = new Map([
  ["ECONNREFUSED", refused],
  ["ConnectionRefused", refused],
  ["FailedToOpenSocket", "the connection could not be opened"],
  ["ENOTFOUND", "the host's name is not known"],
  ["EAI_AGAIN", "the host's name could not be looked up"],
  ["EHOSTUNREACH", "there is no route to the host"],
  ["ENETUNREACH", "there is no route to the network"],
  ["UND_ERR_CONNECT_TIMEOUT", "the connection was not answered in time"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "its certificate is self-signed"],
  ["SELF_SIGNED_CERT_IN_CHAIN", unknownIssuer],
  ["UNABLE_TO_GET_ISSUER_CERT", unknownIssuer],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", unknownIssuer],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", unknownIssuer],
  ["CERT_HAS_EXPIRED", "its certificate has expired"],
  ["CERT_NOT_YET_VALID", "its certificate is not valid yet"],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "its certificate is for another name"],
  ["EPROTO", notTls],
  ["ERR_SSL_WRONG_VERSION_NUMBER", notTls],
  ["ERR_SSL_PACKET_LENGTH_TOO_LONG", notTls],
]);
