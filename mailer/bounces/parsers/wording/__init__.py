"""Pure: what servers say, as patterns by what they mean; ``reasons`` says in which order they are asked.

They are read without regard to case, on words that ``reasons.plain_words`` has made plain: “.” ends
a sentence, and “@” stands for every address.
"""
