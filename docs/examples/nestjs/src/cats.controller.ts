import { Body, Controller, Get, NotFoundException, Param, Post } from '@nestjs/common'
import { type Cat, CatsService } from './cats.service.js'

@Controller('cats')
export class CatsController {
  constructor(private readonly cats: CatsService) {}

  @Get()
  all(): Promise<Cat[]> {
    return this.cats.all()
  }

  @Get(':name')
  async one(@Param('name') name: string): Promise<Cat> {
    const cat = await this.cats.find(name)
    if (!cat) throw new NotFoundException(`no cat ${name}`)
    return cat
  }

  @Post()
  add(@Body() cat: Cat): Promise<Cat> {
    return this.cats.add(cat)
  }
}
