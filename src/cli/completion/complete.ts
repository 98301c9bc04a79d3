import type { CommandSpec } from "../command.js";
import type { Context } from "../context.js";
import { serverClock } from "../network/server-clock.js";
import { columnsOf, fitWidth, maxColumnsOf } from "../terminal/fit-width.js";
import { escapeControls } from "../terminal/escape-controls.js";
import { readBashLine } from "./bash-line.js";
import { offersFor, type Offer, type OfferContext, type Offers } from "./offers.js";

/** The maximum width of a description, in columns. */
const widest = 60;

/**
 * Answers a completion script. The first line is `words`, or the kind of files that the shell completes itself. Each
 * line after that is a word; for zsh and fish, a tab and the text to show for it follow. If anything goes wrong, the
 * answer is empty.
 *
 * @param argv the shell's name; for bash, then its `COMP_WORDBREAKS` and the line up to the cursor; for the others, the
 *   words after the program's name up to the cursor, without their quotes
 */
export async function complete(
  argv: readonly string[],
  context: Context,
  commands: readonly CommandSpec[],
): Promise<number> {
  const lines = await answer(argv, context, commands).catch(() => []);
  await context.stdout.write(lines.map((line) => `${line}\n`).join("")).catch(() => {});
  return 0;
}

async function answer(
  [shell, ...rest]: readonly string[],
  outside: OfferContext,
  commands: readonly CommandSpec[],
): Promise<string[]> {
  const context = { ...outside, ...serverClock(outside.fetch, outside.now) };
  if (shell === "bash") {
    const line = readBashLine(rest[1] ?? "", rest[0] ?? "");
    const offers = await offersFor(line.typed, line.current, context, commands);
    return linesFor(offers, ({ word }) => line.replacement(word));
  }
  const offers = await offersFor(rest.slice(0, -1), rest.at(-1) ?? "", context, commands);
  const width = "words" in offers ? maxColumnsOf(offers.words.map(({ word }) => word)) : 0;
  return linesFor(offers, ({ word, about }) => {
    const shownAbout = fitWidth(escapeControls(about), widest);
    // zsh shows this text instead of the word; fish shows it next to the word.
    const shown =
      shell === "zsh" ? `${word}${" ".repeat(width - columnsOf(word))}  ${shownAbout}`.trimEnd() : shownAbout;
    return `${word}\t${shown}`;
  });
}

function linesFor(offers: Offers, line: (offer: Offer) => string | undefined): string[] {
  return "files" in offers
    ? [offers.files]
    : ["words", ...offers.words.flatMap((offer) => line(offer) ?? [])];
}
