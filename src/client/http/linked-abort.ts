/** A controller that the caller's signal aborts too, with the same reason. */
export interface LinkedAbort {
  controller: AbortController;
  /** Unlinks the controller. After the last one, no listener is left on the caller's signal. */
  unlink(this: void): void;
}

/** The controllers that are linked to each signal. */
const links = new WeakMap<AbortSignal, { controllers: Set<AbortController>; listener: () => void }>();

/**
 * Links a new controller to a signal. However many are linked, the signal has one listener: Node warns about a leak
 * above ten, and the pages of one history may be that many. `AbortSignal.any` would leak memory on a signal that
 * outlives thousands of connections.
 */
export function linkAbort(signal: AbortSignal | undefined): LinkedAbort {
  const controller = new AbortController();
  if (signal === undefined) return { controller, unlink: () => {} };
  if (signal.aborted) {
    controller.abort(signal.reason);
    return { controller, unlink: () => {} };
  }
  const link = links.get(signal) ?? listenTo(signal);
  link.controllers.add(controller);
  const unlink = () => {
    link.controllers.delete(controller);
    if (link.controllers.size > 0 || links.get(signal) !== link) return;
    signal.removeEventListener("abort", link.listener);
    links.delete(signal);
  };
  return { controller, unlink };
}

function listenTo(signal: AbortSignal) {
  const controllers = new Set<AbortController>();
  const listener = () => {
    links.delete(signal);
    for (const controller of controllers) controller.abort(signal.reason);
  };
  const link = { controllers, listener };
  links.set(signal, link);
  signal.addEventListener("abort", listener, { once: true });
  return link;
}
