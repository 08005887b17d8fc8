/** Gunicorn's names of the levels, the least important first. */
export const LOG_LEVELS = ['debug', 'info', 'warning', 'error', 'critical'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** The forms of the error log's lines; `auto` is text on a terminal and JSON elsewhere. */
export const LOG_FORMATS = ['auto', 'text', 'json'] as const
export type LogFormat = (typeof LOG_FORMATS)[number]
