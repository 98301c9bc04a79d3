import type { Frame, SmithersClient } from "../../client/index.js";
import { readFrame, type FrameGroup } from "./run-tree.js";

/** Reads the workflow's newest tree; `undefined` if the server does not return it, since callers can do without. */
export async function readTree(
  runId: string,
  { client, signal }: { client: Pick<SmithersClient, "getFrames">; signal?: AbortSignal },
): Promise<FrameGroup | undefined> {
  try {
    const [frame] = await client.getFrames<Frame>({ runId, tail: 1 });
    return frame && readFrame(frame);
  } catch (error) {
    if (signal?.aborted) throw error;
    return undefined;
  }
}
