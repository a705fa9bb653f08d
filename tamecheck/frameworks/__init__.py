"""Models as they live in a framework: which kinks and ties do these numbers touch, and what does backward return there?"""
