from django.urls import path

from . import views

app_name = 'documents'
urlpatterns = [
    path('', views.index, name='index'),
    path('documents.csv', views.export, name='export'),
    path('documents/<int:pk>/', views.download, name='download'),
]
