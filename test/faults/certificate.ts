import { generate } from "selfsigned";

/** A certificate and its private key, as PEM. */
export interface Certificate {
  cert: string;
  key: string;
}

export interface CertificateOptions {
  /** The authority that signs it. Default: none, it is self-signed. */
  authority?: Certificate;
  /** Whether it can sign others. Default: false. */
  isAuthority?: boolean;
  /** Default: from yesterday to tomorrow. */
  validDays?: [from: number, to: number];
}

/** Makes a certificate for hosts, given as names or IPv4 addresses. */
export async function makeCertificate(
  hosts: [string, ...string[]],
  { authority, isAuthority = false, validDays = [-1, 1] }: CertificateOptions = {},
): Promise<Certificate> {
  const inDays = (days: number) => new Date(Date.now() + days * 86_400_000);
  const altNames = hosts.map((host) =>
    /^[\d.]+$/.test(host) ? { type: 7 as const, ip: host } : { type: 2 as const, value: host },
  );
  const made = await generate([{ name: "commonName", value: hosts[0] }], {
    keyType: "ec",
    algorithm: "sha256",
    notBeforeDate: inDays(validDays[0]),
    notAfterDate: inDays(validDays[1]),
    extensions: [
      { name: "basicConstraints", cA: isAuthority, critical: true },
      { name: "subjectAltName", altNames },
    ],
    ...(authority && { ca: authority }),
  });
  return { cert: made.cert, key: made.private };
}
