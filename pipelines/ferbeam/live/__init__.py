"""The live page: frames of a camera or a video, analysed as they come."""
