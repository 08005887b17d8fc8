import { Module } from '@nestjs/common'
import { CatsController } from './cats.controller.js'
import { CatsService } from './cats.service.js'
import { Database } from './database.js'

@Module({ controllers: [CatsController], providers: [CatsService, Database] })
export class AppModule {}
