/** How the processes of a server name themselves, for `ps` and for a successor that looks for orphans. */
export type Role = 'master' | 'worker'

export function setTitle(role: Role, name: string): void {
  process.title = `${beginOf(role)}${name}]`
}

/** @param title  the command line of a process, as the system has it */
export function hasTitle(role: Role, title: string): boolean {
  return title.startsWith(beginOf(role))
}

function beginOf(role: Role): string {
  return `unicorn: ${role} [`
}
