"""Template filters that put things in words."""

from django import template

register = template.Library()
