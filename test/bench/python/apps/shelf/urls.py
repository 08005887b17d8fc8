from django.urls import path

from . import views

urlpatterns = [
    path('', views.hello),
    path('books/', views.books),
    path('upload/', views.upload),
]
