import { readFileSync } from "node:fs";

/** How long the answer of `ps`, which takes about 10 ms, stays valid. In ms. */
const maxAgeMs = 500;

/**
 * Returns a function that checks whether this process is in the foreground of its terminal. In the background, such as
 * under `timeout` in a script or after `bg`, a process that reads from the terminal or changes its modes is stopped,
 * and its JavaScript with it. If that is not known, the process counts as in the foreground.
 *
 * @param runPs returns what `ps` writes with these arguments
 */
export function foregroundCheck(
  pid: number,
  platform: NodeJS.Platform,
  runPs: (args: readonly string[]) => string,
): () => boolean {
  if (platform === "win32") return () => true;
  if (platform === "linux") return () => isForeground(readGroupsFromProc());
  let known = { isForeground: true, at: -Infinity };
  return () => {
    const now = performance.now();
    if (now - known.at > maxAgeMs)
      known = { isForeground: isForeground(readGroupsFromPs(pid, runPs)), at: now };
    return known.isForeground;
  };
}

/** The process group of a process, and the one in the foreground of its terminal. */
type Groups = readonly [own: number, foreground: number];

function isForeground([own, foreground]: Groups): boolean {
  // Without a terminal, or with one of another container, there is no foreground group.
  return !(own > 0 && foreground > 0) || own === foreground;
}

function readGroupsFromProc(): Groups {
  try {
    return groupsOf(readFileSync("/proc/self/stat", "utf8"));
  } catch {
    return [0, 0];
  }
}

/** Reads the groups from a line of `/proc/<pid>/stat`. */
export function groupsOf(stat: string): Groups {
  // The program's name, in parentheses, may contain anything.
  const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return [Number(group), Number(foreground)];
}

function readGroupsFromPs(pid: number, runPs: (args: readonly string[]) => string): Groups {
  try {
    const [own, foreground] = runPs(["-o", "pgid=,tpgid=", "-p", String(pid)])
      .trim()
      .split(/\s+/)
      .map(Number);
    return [own ?? 0, foreground ?? 0];
  } catch {
    return [0, 0];
  }
}
