autocmd BufNewFile,BufRead *.scx setfiletype scx
