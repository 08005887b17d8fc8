import type { Command, Option } from 'commander'

/** Shells for which there is a completion. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const

/** A word that may come next, and what it does. */
interface Word {
  readonly word: string
  readonly description: string
}

/** Returns the script that completes the commands of `program` in a shell. */
export function completion(program: Command, shell: string): string {
  return (WRITERS[shell] ?? bash)(program)
}

const WRITERS: Readonly<Record<string, (program: Command) => string>> = { bash, zsh, fish }

/** Options whose argument is a file. */
const FILES = /^--(socket|config|output)$/

function wordsAfter(program: Command, command: Command): Word[] {
  const choices = command.registeredArguments.flatMap(({ argChoices = [] }) => argChoices)
  const options = new Set([...command.options, ...program.options])
  return [
    ...choices.map(word => ({ word, description: '' })),
    ...[...options].map(({ long, description }) => ({ word: long ?? '', description })),
  ]
}

function commandsOf(program: Command): Word[] {
  return program.commands.map(command => ({ word: command.name(), description: command.description() }))
}

function bash(program: Command): string {
  const cases = program.commands.map(
    command => `    ${command.name()}) words='${joined(wordsAfter(program, command))}' ;;\n`,
  )
  const own = joined([...commandsOf(program), ...wordsAfter(program, program)])
  return `# bash completion for unicornctl: eval "$(unicornctl completion bash)"
_unicornctl() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} words='${own}' each
  case $before in
    ${flagsOf(program).join('|')}) COMPREPLY=($(compgen -f -- "$word")); return ;;
  esac
  for each in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $each in
${cases.map(line => `  ${line}`).join('')}    esac
  done
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o filenames -F _unicornctl unicornctl
`
}

function zsh(program: Command): string {
  const described = (words: readonly Word[]): string =>
    words
      .map(({ word, description }) => quoted([word.replaceAll(':', '\\:'), description].filter(Boolean).join(':')))
      .join(' ')
  const cases = program.commands.map(
    command => `      ${command.name()}) candidates=(${described(wordsAfter(program, command))}) ;;\n`,
  )
  const own = described([...commandsOf(program), ...wordsAfter(program, program)])
  return `#compdef unicornctl
# zsh completion for unicornctl: eval "$(unicornctl completion zsh)", or a file _unicornctl in a directory of fpath
_unicornctl() {
  local -a candidates
  local each
  case \${words[CURRENT-1]} in
    ${flagsOf(program).join('|')}) _files; return ;;
  esac
  candidates=(${own})
  for each in \${words[2,CURRENT-1]}; do
    case $each in
${cases.join('')}    esac
  done
  _describe unicornctl candidates
}
# zsh calls a file of fpath when it is first wanted.
if [[ \${funcstack[1]} == _unicornctl ]]; then _unicornctl; else compdef _unicornctl unicornctl; fi
`
}

function fish(program: Command): string {
  const lines = ['# fish completion for unicornctl: unicornctl completion fish | source', 'complete -c unicornctl -f']
  const none = '-n __fish_use_subcommand'
  for (const option of program.options) lines.push(`complete -c unicornctl ${fishOption(option)}`)
  for (const { word, description } of commandsOf(program)) {
    lines.push(`complete -c unicornctl ${none} -a ${word} -d ${quoted(description)}`)
  }
  for (const command of program.commands) {
    const after = `-n '__fish_seen_subcommand_from ${command.name()}'`
    const choices = command.registeredArguments.flatMap(({ argChoices = [] }) => argChoices)
    if (choices.length > 0) lines.push(`complete -c unicornctl ${after} -a ${quoted(choices.join(' '))}`)
    for (const option of command.options) lines.push(`complete -c unicornctl ${after} ${fishOption(option)}`)
  }
  return `${lines.join('\n')}\n`
}

function fishOption({ long = '', short, required, description }: Option): string {
  const letter = short === undefined ? '' : `-s ${short.slice(1)} `
  const takes = required ? (FILES.test(long) ? '-r -F ' : '-r ') : ''
  return `${letter}-l ${long.slice(2)} ${takes}-d ${quoted(description)}`
}

/** The options that take a file, long and short. */
function flagsOf(program: Command): string[] {
  const options = [program, ...program.commands].flatMap(command => command.options)
  const flags = options.filter(({ long }) => FILES.test(long ?? '')).flatMap(({ long, short }) => [long, short])
  return [...new Set(flags.filter(flag => flag !== undefined))]
}

function joined(words: readonly Word[]): string {
  return words.map(({ word }) => word).join(' ')
}

/** As one word of a shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
