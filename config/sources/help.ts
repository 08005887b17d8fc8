import { styleText } from 'node:util'
import { Argument, type Command, type Option } from 'commander'
import { rows } from '../settings.js'

/** The columns of the help, if the terminal's number is unknown. */
const WIDTH = 100

const FOOTER = `
Settings also come from unicorn.config.{ts,mts,js,mjs,cjs,json}, the environment, and UNICORN_CMD_ARGS.
Durations are 30s, 2m or 500ms, a bare number being seconds; sizes are bytes, or 64kb, 10mb, 1gb.

Examples:
  unicorn app:application
  unicorn -w auto -b 0.0.0.0:8000 dist/server.js:app
  unicorn -k sync -b unix:/run/app.sock myproj.wsgi:application
  unicorn -w 4 node_modules/.bin/next -- start`

/** Not one of commander's: it would read the options of the application. */
const ARGS = new Argument('[-- ARGS]', rows.args.description)

/** Sets how the help of `command` looks. */
export function styleHelp(command: Command): void {
  command
    .configureOutput({ getOutHelpWidth: () => process.stdout.columns ?? WIDTH })
    .configureHelp({
      optionTerm,
      visibleArguments: ({ registeredArguments }) => [...registeredArguments, ARGS],
      argumentTerm: argument => argument.name(),
      optionDescription: option => option.description,
      styleTitle: title => styleText('bold', title),
    })
    .addHelpText('after', FOOTER)
}

/** Indents an option without a short form, so that all long options are aligned. */
function optionTerm(option: Option): string {
  return option.flags.startsWith('--') ? `    ${option.flags}` : option.flags
}
