import { unicornBin } from './root.js'

/** A service unit that runs the server. @param more  lines of its section `[Service]`, or further sections */
export function serviceUnit(directory: string, args: string, more = ''): string {
  return `[Service]
Type=notify
WorkingDirectory=${directory}
ExecStart=${process.execPath} ${unicornBin} ${args} app:application
ExecReload=/bin/kill -HUP $MAINPID
KillMode=mixed
WatchdogSec=30
${more}`
}
