from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt

from .models import Book


def hello(request):
    return HttpResponse('Hello, world!', content_type='text/plain')


def books(request):
    """A page as many are: two queries and a template that is made of two."""
    found = Book.objects.select_related('author').order_by('-published')[:30]
    return render(request, 'shelf/books.html', {'books': found, 'count': Book.objects.count()})


@csrf_exempt
def upload(request):
    return HttpResponse(str(len(request.body)), content_type='text/plain')
