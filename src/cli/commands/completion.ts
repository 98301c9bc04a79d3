import { defineCommand } from "../command.js";
import { UsageError } from "../usage-error.js";
import { completionScripts } from "../completion/scripts.js";
import { escapeControls } from "../terminal/escape-controls.js";

export const completion = defineCommand({
  syntax: "completion <bash|zsh|fish>",
  summary: "Complete words in bash, zsh or fish",
  description: "Print a script that completes commands, flags, run ids and open approvals in your shell.",
  options: [],
  examples: [
    'completion bash    # in ~/.bashrc: eval "$(smithers-client completion bash)"',
    'completion zsh     # in ~/.zshrc, after compinit: eval "$(smithers-client completion zsh)"',
    "completion fish > ~/.config/fish/completions/smithers-client.fish",
  ],

  async execute({ args: [shell = ""] }) {
    const script = completionScripts[shell];
    if (script === undefined) {
      const known = Object.keys(completionScripts).join(", ");
      throw new UsageError(`there is no completion for '${escapeControls(shell)}', only for ${known}`);
    }
    return { kind: "document", document: { shell, script }, text: () => script.trimEnd() };
  },
});
