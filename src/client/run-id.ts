/**
 * Why a run of this id could be started and never be reached again; undefined for an id that every route can carry.
 * Servers take an id to the letter, and answer 404 to one that a URL has to encode.
 */
export function runIdProblem(id: string): string | undefined {
  if (id === "") return "it is empty";
  if (id === "." || id === "..") return `a URL takes "${id}" for another place`;
  const [found] = /[^A-Za-z0-9\-._~:@!$&'()*+,;=]/u.exec(id) ?? [];
  if (found === undefined) return undefined;
  if (found === " ") return "it has a space in it";
  return `it has ${JSON.stringify(found)} in it`;
}
