import { setTimeout as sleep } from 'node:timers/promises'
import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common'
import type { Cat } from './cats.service.js'

/** Stands in for a real database: it takes a moment to open and to close, and queries fail unless it is open. */
@Injectable()
export class Database implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger('Database')
  private readonly cats = new Map<string, Cat>([['Tom', { name: 'Tom', age: 7 }]])
  private isOpen = false

  async onModuleInit() {
    await sleep(50)
    if (process.env.DATABASE === 'down') throw new Error('no connection to the database')
    this.isOpen = true
    this.logger.log('open')
  }

  async onApplicationShutdown() {
    await sleep(50)
    this.isOpen = false
    this.logger.log('closed')
  }

  async query<Result>(run: (cats: Map<string, Cat>) => Result): Promise<Result> {
    if (!this.isOpen) throw new Error('the database is closed')
    return run(this.cats)
  }
}
