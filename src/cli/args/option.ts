/** An option of a command, in commander's notation. */
export interface OptionSpec {
  /** Such as `-w, --watch` or `--limit <n>`. */
  flags: string;
  description: string;
  /** Converts the text to a value. Throws a {@link UsageError} if it is invalid. */
  parse?: (value: string) => unknown;
  /** The allowed values. An option has either these or `parse`. */
  choices?: readonly string[];
  /** Values that shell completion offers, if others are possible too. */
  suggests?: readonly string[];
  /** Whether it may be given several times; the values are then an array. */
  repeatable?: boolean;
  default?: unknown;
}
