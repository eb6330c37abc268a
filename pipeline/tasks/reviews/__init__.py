"""Movie reviews: is one positive?"""
