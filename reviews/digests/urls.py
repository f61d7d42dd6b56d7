from django.urls import path

from reviews.digests import views

# Of a person and no project, as the other pages of their account.
urlpatterns = [
    path("mail/", views.mail, name="account_mail"),
    path("mail/end/<str:token>/", views.end, name="account_mail_end"),
]
