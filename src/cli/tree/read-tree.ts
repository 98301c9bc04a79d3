import type { Frame, SmithersClient } from "../../client/index.js";
import { readFrame, type FrameGroup } from "./run-tree.js";

/** The workflow's newest tree; undefined if the server does not give it, which is no reason to show nothing. */
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
