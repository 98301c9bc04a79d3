import type { CiSystem } from "./ci/ci-system.js";
import type { OutputStream } from "./context.js";
import type { Screen } from "./terminal/screen.js";
import type { Style } from "./terminal/style.js";
import type { Environment } from "./environment.js";

/** Where a format writes. */
export interface Output {
  stdout: OutputStream;
  stderr: OutputStream;
  style: Style;
  stderrStyle: Style;
  /** The terminal that stdout and stderr share, if it can be redrawn. */
  screen: Screen | undefined;
  ci: CiSystem;
  env: Environment;
}
