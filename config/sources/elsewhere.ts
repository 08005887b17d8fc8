/** Options that node and other servers have, by what this one has for them. */
const OTHERS: Readonly<Record<string, string>> = {
  '--port': '--bind :PORT',
  '--host': '--bind HOST:PORT',
  '--hostname': '--bind HOST:PORT',
  '--watch': '--reload',
  '--watch-path': '--reload --reload-extra-file PATH',
  '--instances': '--workers N',
  '-i': '--workers N',
}

/** Says what is to be written for an option of another program, if that is known; `flag` has no value in it. */
export function elsewhere(flag: string): string | undefined {
  if (flag in OTHERS || !process.allowedNodeEnvironmentFlags.has(flag)) return OTHERS[flag]
  return `it in NODE_OPTIONS, since it is an option of Node; for the workers alone by --env NODE_OPTIONS='${flag} ...'`
}
