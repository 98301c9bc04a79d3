import { readFile } from "node:fs/promises";

/** A fenced block of a Markdown page. */
export interface Block {
  /** The line of the page on which it starts, from 1. */
  line: number;
  language: string;
  text: string;
  /** Why it is not run: `<!-- not run: … -->` on the line above it. */
  notRun: string | undefined;
}

/** A command of a `console` block and the output that the page shows. */
export interface Example {
  line: number;
  command: string;
  output: string[];
}

export async function readPage(file: string): Promise<{ text: string; blocks: Block[] }> {
  const text = await readFile(file, "utf8");
  const fences = /^(?:<!-- not run: (?<reason>.+) -->\n+)?```(?<language>\w*)\n(?<body>[^]*?)^```$/gm;
  const blocks = [...text.matchAll(fences)].map(({ index, groups = {} }) => ({
    line: text.slice(0, index).split("\n").length,
    language: groups["language"] ?? "",
    text: groups["body"] ?? "",
    notRun: groups["reason"],
  }));
  return { text, blocks };
}

/** Returns a block's commands. Each starts with `$ ` and continues on the next line after a backslash or a pipe. */
export function toExamples({ language, text, line }: Block): Example[] {
  if (language === "sh") return [{ line, command: text, output: [] }];
  const examples: Example[] = [];
  for (const [at, each] of text.trimEnd().split("\n").entries()) {
    const last = examples.at(-1);
    if (each.startsWith("$ ")) examples.push({ line: line + at + 1, command: each.slice(2), output: [] });
    else if (last === undefined) throw new Error(`line ${line + at + 1}: output without a command`);
    else if (last.output.length === 0 && /[\\|]$/.test(last.command)) last.command += `\n${each}`;
    else last.output.push(each);
  }
  return examples;
}

/**
 * Returns the pattern for an output: `…` stands for any text or, alone on a line, for any lines. Durations and the
 * width of columns may differ.
 */
export function toPattern(lines: readonly string[]): RegExp {
  const patterns = lines.map((line) => {
    if (line.trim() === "…") return "(?:.*\\n)*?";
    const escaped = line
      .trimEnd()
      .replace(/[.*+?^${}()|[\]\\]/g, "\\$&")
      .replace(/\d+(?:\\\.\d+)?(ms|s|m|h)\b/g, "[\\d.]+$1")
      .replace(/…/g, ".*")
      .replace(/ +/g, " +");
    return ` *${escaped} *\\n`;
  });
  return new RegExp(`^${patterns.join("")}$`);
}

/** Returns the anchors of a page's headings, as GitHub makes them. */
export function anchorsOf(text: string): Set<string> {
  const headings = text.replace(/^```[^]*?^```$/gm, "").matchAll(/^#+ (.+)$/gm);
  return new Set(
    [...headings].map(([, heading = ""]) =>
      heading
        .toLowerCase()
        .replace(/\[(.*?)\]\(.*?\)/g, "$1")
        .replace(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}

/** Returns the targets of a page's links to files of this project. */
export function localLinks(text: string): string[] {
  const prose = text.replace(/^```[^]*?^```$/gm, "");
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = ""]) => target)
    .filter((target) => !/^[a-z]+:/.test(target));
}
