// A function that nothing says what it is for.
int plain(void *ctx)
{
	return 0;
}
