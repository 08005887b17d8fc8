/** Runs all of them, whatever some throw. @throws what the first one that failed has thrown */
export function runAll(actions: readonly (() => void)[]): void {
  const failures: unknown[] = []
  for (const action of actions) {
    try {
      action()
    } catch (error) {
      failures.push(error)
    }
  }
  if (failures.length > 0) throw failures[0]
}
