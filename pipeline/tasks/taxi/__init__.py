"""Chicago taxi trips: will the tip be over 20 % of the fare?"""
