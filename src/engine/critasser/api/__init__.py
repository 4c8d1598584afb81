"""The functions that `import critasser` offers: whole jobs, and single steps on arrays."""
