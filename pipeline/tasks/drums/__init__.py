"""Samples of drum kits: which drum is it?"""
