// Instead of NODE_OPTIONS: unicorn --workers 4 --config unicorn.config.js app.js

/** Before the application is loaded. Not at the top of this file: the arbiter reads it too, and serves nothing. */
export async function postFork() {
  await import('./telemetry.mjs')
}

/** Spans leave in batches: here go the last ones. */
export async function workerExit() {
  const { default: telemetry } = await import('./telemetry.cjs')
  await telemetry.provider.shutdown()
}
