// unicorn --workers 4 app.js
// (unicorn finds this file by its name. With NODE_OPTIONS, as in telemetry.mjs, postFork is not needed.)

/**
 * Runs before the application is loaded. An import at the top of this file would also run in the arbiter, which serves
 * no requests.
 */
export async function postFork() {
  await import('./telemetry.mjs')
}

/** Sends the last batch of spans. */
export async function workerExit() {
  const { default: telemetry } = await import('./telemetry.cjs')
  await telemetry.provider.shutdown()
}
