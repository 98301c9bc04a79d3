/** An option of a command, in commander's notation. */
export interface OptionSpec {
  /** Such as `-w, --watch` or `--limit <n>`. */
  flags: string;
  description: string;
  /** Turns the text into a value; throws {@link UsageError}. */
  parse?: (value: string) => unknown;
  /** The allowed values. An option has these or `parse`, not both. */
  choices?: readonly string[];
  /** Values that a shell's completion offers, where others are possible too. */
  suggests?: readonly string[];
  /** May be given several times; the values come as an array. */
  repeatable?: boolean;
  default?: unknown;
}
