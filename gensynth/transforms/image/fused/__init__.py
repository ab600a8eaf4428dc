"""The fused plan: what changes say they do, one resampling, few passes of colour, and what carries it out."""
