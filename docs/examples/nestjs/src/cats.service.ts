import { Injectable } from '@nestjs/common'
import { Database } from './database.js'

export interface Cat {
  readonly name: string
  readonly age: number
}

@Injectable()
export class CatsService {
  constructor(private readonly database: Database) {}

  all(): Promise<Cat[]> {
    return this.database.query(cats => [...cats.values()])
  }

  find(name: string): Promise<Cat | undefined> {
    return this.database.query(cats => cats.get(name))
  }

  add(cat: Cat): Promise<Cat> {
    return this.database.query(cats => {
      cats.set(cat.name, { name: cat.name, age: cat.age })
      return cat
    })
  }
}
