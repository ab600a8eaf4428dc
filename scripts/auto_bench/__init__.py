"""The bench of Auto: a choice by trial against every fixed method."""
