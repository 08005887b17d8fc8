/** The classes that a user's worker class may extend. */
export type WorkerClasses = typeof import('./classes.js')

/** In the global registry, where every copy of this package finds it. */
const CLASSES = Symbol.for('unicorn.worker-classes')

/**
 * Makes the classes of this process those that `unicorn/worker` gives. The server runs from a bundle, and a user's module may find
 * another copy of this package, of another release even: it must extend the classes that run.
 */
export function shareClasses(classes: WorkerClasses): void {
  Object.defineProperty(globalThis, CLASSES, { value: classes, configurable: true })
}

/** Undefined where this process is no worker. */
export function sharedClasses(): WorkerClasses | undefined {
  // Only `shareClasses` writes there.
  const classes: WorkerClasses | undefined = Reflect.get(globalThis, CLASSES)
  return classes
}
