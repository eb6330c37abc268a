"""Pictures of clothes: which kind is it?"""
