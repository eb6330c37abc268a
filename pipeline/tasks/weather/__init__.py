"""Weather in Seattle: what will it be like tomorrow?"""
