// Draws README's picture of the live view: starts a server, follows a real run of release.tsx in a real terminal (tmux),
// reads that terminal's screen at some moments, and writes what it shows as live-view.svg.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { installServer } from "../../test/servers/install.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const program = fileURLToPath(new URL("../../bin/smithers-client.js", import.meta.url));
const [columns, rows] = [80, 22];
const patienceMs = 30_000;

const folder = mkdtempSync(join(tmpdir(), "smithers-picture-"));
const tmux = (...args) =>
  execFileSync("tmux", ["-S", join(folder, "tmux"), "-f", "/dev/null", ...args], { encoding: "utf8" });

/** Starts a server on a free port and resolves to it and its address. */
async function startServer() {
  copyFileSync(join(here, "release.tsx"), join(folder, "release.tsx"));
  symlinkSync(join(installServer("0.5.0"), "node_modules"), join(folder, "node_modules"));
  const args = [program, "serve", "--port", "0", "--root", folder];
  const server = spawn(process.execPath, args, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  for await (const text of server.stderr.setEncoding("utf8").iterator({ destroyOnReturn: false })) {
    said += text;
    const [, address] = /^serving .* on (http:\S+)/m.exec(said) ?? [];
    if (address !== undefined) return { server, address };
  }
  throw new Error(`the server did not start: ${said}`);
}

/** The screen, with its colours as escape sequences, once it shows what is looked for. */
async function screenWith(pattern) {
  for (const ends = Date.now() + patienceMs; Date.now() < ends;) {
    if (pattern.test(tmux("capture-pane", "-p")))
      return tmux("capture-pane", "-p", "-e").trimEnd().replaceAll(folder, "/project").split("\n");
    await new Promise((done) => setTimeout(done, 40));
  }
  throw new Error(`the screen does not show ${pattern} but:\n${tmux("capture-pane", "-p")}`);
}

async function takePictures() {
  const { server, address } = await startServer();
  try {
    const shell = `export SMITHERS_BASE_URL=${address} PS1='$ ' LC_ALL=C.UTF-8; smithers-client() { ${process.execPath} ${program} "$@"; }; clear; exec 2>&1`;
    tmux("new-session", "-d", "-x", String(columns), "-y", String(rows), "bash --norc --noprofile");
    tmux("send-keys", shell, "Enter");
    await screenWith(/^\$\s*$/);
    tmux("send-keys", "smithers-client run release.tsx --run-id release-42 --watch", "Enter");
    const working = await screenWith(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] review #1 +1s/);
    const asking = await screenWith(/waiting 2s for approval.*[^]*\[a\/d\/s\]/);
    tmux("send-keys", "a", "Enter");
    await screenWith(/note \(may be empty\)/);
    tmux("send-keys", "Enter");
    await screenWith(/release finished/);
    return [working, asking];
  } finally {
    try {
      tmux("kill-server");
    } finally {
      const ended = once(server, "exit");
      server.kill("SIGTERM");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

const [cellWidth, lineHeight, padding, bar] = [8.4, 19, 16, 30];
const palette = { 31: "#ff7b72", 32: "#7ee787", 33: "#e3b341", 36: "#79c0ff" };

const escape = "\u001b";
const styling = new RegExp(`(${escape}\\[[\\d;]*m)`);

/** The runs of equally styled characters of each line, with the column that each begins in. */
function piecesOf(lines) {
  // A style that goes on is not said again on the next line.
  let style = {};
  return lines.map((line) => {
    const found = [];
    let column = 0;
    for (const part of line.split(styling)) {
      const [, codes] = /\[([\d;]*)m$/.exec(part.startsWith(escape) ? part : "") ?? [];
      if (codes !== undefined) {
        for (const code of codes.split(";").map(Number)) style = styleAfter(code, style);
        continue;
      }
      if (part.trim() !== "") found.push({ text: part, column, ...style });
      column += [...part].length;
    }
    return found;
  });
}

function styleAfter(code, style) {
  if (code === 0) return {};
  if (code === 1) return { ...style, isBold: true };
  if (code === 2) return { ...style, isDim: true };
  if (code === 22) return { ...style, isBold: false, isDim: false };
  if (code === 39) return { ...style, color: undefined };
  return { ...style, color: palette[code] ?? style.color };
}

function escaped(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function drawScreen(lines, top) {
  const height = bar + lines.length * lineHeight + padding;
  const texts = piecesOf(lines).flatMap((pieces, row) =>
    pieces.map(({ text, column, color, isBold, isDim }) => {
      const start = text.length - text.trimStart().length;
      const shown = text.trim();
      const x = padding + (column + start) * cellWidth;
      const y = top + bar + (row + 0.75) * lineHeight;
      const style = `${color ? ` fill="${color}"` : ""}${isBold ? ' font-weight="bold"' : ""}${isDim ? ' opacity="0.6"' : ""}`;
      // Wherever it is shown, and in whatever font, the columns are where the terminal has them.
      const length = ([...shown].length * cellWidth).toFixed(1);
      return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" textLength="${length}" lengthAdjust="spacingAndGlyphs"${style}>${escaped(shown)}</text>`;
    }),
  );
  const width = columns * cellWidth + 2 * padding;
  const dots = ["#ff5f57", "#febc2e", "#28c840"].map(
    (fill, index) => `<circle cx="${padding + 4 + index * 18}" cy="${top + 15}" r="5" fill="${fill}"/>`,
  );
  const window = `<rect x="0.5" y="${top + 0.5}" width="${width - 1}" height="${height - 1}" rx="8" fill="#0d1117" stroke="#30363d"/>`;
  return { height, width, body: [window, ...dots, ...texts].join("\n") };
}

const screens = await takePictures();
let top = 0;
const drawn = screens.map((lines) => {
  const screen = drawScreen(lines, top);
  top += screen.height + padding;
  return screen;
});
const [{ width }] = drawn;
writeFileSync(
  join(here, "live-view.svg"),
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${top - padding}" width="${width}" height="${top - padding}">
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14" fill="#e6edf3" xml:space="preserve">
${drawn.map(({ body }) => body).join("\n")}
</g>
</svg>
`,
);
