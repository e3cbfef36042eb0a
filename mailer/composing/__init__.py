"""What a marketer writes with: base designs, drafts' previews, test sends.

Turning a design into mail is ``rendering``'s; sending it is ``delivery``'s.
"""
