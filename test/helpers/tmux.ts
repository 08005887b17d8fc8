import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import type { Test } from 'tap'
import { atEnd } from './at-end.js'
import { shortDir } from './short-dir.js'
import { until } from './until.js'

export interface PseudoTerminal {
  /** The lines of the screen. */
  screen(): string[]
  /** Types keys by tmux's names of them: `q`, `Down`, `C-c`. */
  type(...keys: string[]): void
  resize(columns: number, rows: number): void
  /** Waits until the screen shows something. */
  shows(what: RegExp): Promise<string>
}

/** Runs a shell in a real pseudo-terminal, by a tmux of its own that ends with the test. */
export function pseudoTerminal(t: Test, cwd: string, [columns, rows] = [80, 24]): PseudoTerminal {
  const socket = join(shortDir(t), 'tmux')
  const tmux = (...args: string[]): string => {
    const { status, stdout, stderr } = spawnSync('tmux', ['-S', socket, '-f', '/dev/null', ...args], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, LANG: 'C.UTF-8', PS1: '$ ', ENV: '', HISTFILE: '' },
    })
    if (status !== 0) throw new Error(`tmux ${args.join(' ')}: ${stderr}`)
    return stdout
  }
  tmux('new-session', '-d', '-x', String(columns), '-y', String(rows), '-c', cwd, 'sh')
  atEnd(t, () => tmux('kill-server'))
  const screen = (): string[] => tmux('capture-pane', '-p').replace(/\n$/, '').split('\n')
  return {
    screen,
    type: (...keys) => void tmux('send-keys', ...keys),
    resize: (width, height) => void tmux('resize-window', '-x', String(width), '-y', String(height)),
    shows: async what => {
      try {
        await until(`the screen shows ${what}`, () => what.test(screen().join('\n')))
      } catch (error) {
        throw new Error(screen().join('\n'), { cause: error })
      }
      return screen().join('\n')
    },
  }
}
